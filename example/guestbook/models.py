from django.core.validators import FileExtensionValidator
from django.db import models


class Entry(models.Model):
    """What one visitor left."""

    name = models.CharField(max_length=60)
    text = models.TextField(max_length=1000)
    photo = models.FileField(
        upload_to="photos/",
        blank=True,
        # Not SVG, which can hold scripts.
        validators=[FileExtensionValidator(["gif", "jpeg", "jpg", "png", "webp"])],
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name_plural = "entries"

    def __str__(self):
        """Say who left it, and what."""
        return f"{self.name}: {self.text}"
