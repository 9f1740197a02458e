"""Kinds of notification and what each says, who wants which, and when a mail may be sent."""
