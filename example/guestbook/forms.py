from django import forms

from guestbook.models import Entry


class EntryForm(forms.ModelForm):
    """A new entry, as a visitor writes it."""

    class Meta:
        model = Entry
        fields = ["name", "text", "photo"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "text": forms.Textarea(attrs={"rows": 3}),
            "photo": forms.FileInput(attrs={"accept": "image/gif,image/jpeg,image/png,image/webp"}),
        }
        labels = {"name": "Your name", "text": "Your message", "photo": "A photo"}
        help_texts = {"photo": "GIF, JPEG, PNG or WebP."}
