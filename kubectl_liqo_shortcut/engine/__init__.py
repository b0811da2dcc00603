"""The loop: watches, steps and the record, on several clusters at once."""
