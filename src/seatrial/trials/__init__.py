"""What a face asks for: the run of a page, of a notebook, a conversation."""
