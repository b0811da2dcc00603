"""Making a link: the first look, the loop, the record, the way back."""
