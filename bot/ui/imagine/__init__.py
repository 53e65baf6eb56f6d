"""Beginning pictures: modals for prompts, attachments, descriptions, refused prompts."""
