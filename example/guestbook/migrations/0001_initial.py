from django.core.validators import FileExtensionValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table of entries."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("text", models.TextField(max_length=1000)),
                (
                    "photo",
                    models.FileField(
                        blank=True,
                        upload_to="photos/",
                        validators=[FileExtensionValidator(["gif", "jpeg", "jpg", "png", "webp"])],
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={"verbose_name_plural": "entries", "ordering": ["-created", "-pk"]},
        ),
    ]
