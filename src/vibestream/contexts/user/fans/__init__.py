"""Fans in public: the page that somebody may have under a handle, whom they follow, and whom they want nothing of."""
