import re

# How a file of each kind begins; a WebP file has its size in between.
BEGINNINGS = re.compile(rb"GIF8[79]a|\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP", re.DOTALL)


def is_photo(file):
    """Tell whether a file begins as a GIF, JPEG, PNG or WebP image does."""
    file.seek(0)
    beginning = file.read(12)
    file.seek(0)
    return BEGINNINGS.match(beginning) is not None
