"""Console transcripts, run on a real Docker engine and compared with what they promise."""

__version__ = "0.1.0"
