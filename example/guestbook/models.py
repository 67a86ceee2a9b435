from django.core.validators import FileExtensionValidator
from django.db import models


class Entry(models.Model):
    """What one user wrote."""

    name = models.CharField(max_length=60)
    text = models.TextField(max_length=1000)
    photo = models.FileField(
        upload_to="photos/",
        blank=True,
        # Not SVG, which can contain scripts.
        validators=[FileExtensionValidator(["gif", "jpeg", "jpg", "png", "webp"])],
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name_plural = "entries"

    def __str__(self):
        """Return who wrote it, and what."""
        return f"{self.name}: {self.text}"
