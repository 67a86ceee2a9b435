from django import forms

from guestbook.models import Entry
from guestbook.photos import is_photo


class EntryForm(forms.ModelForm):
    """A new entry, as a user writes it."""

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

    def clean_photo(self):
        """Refuse a file that is no photo, whatever its name says."""
        photo = self.cleaned_data["photo"]
        if photo and not is_photo(photo):
            raise forms.ValidationError("This file is not a GIF, JPEG, PNG or WebP image.")
        return photo
