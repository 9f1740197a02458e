"""The catalogue's addresses."""

from vibestream.contexts.music.catalogue.routes import covers, operating, public, studio
from vibestream.platform.http.routing import Router

router = Router()
for part in (public.router, studio.router, covers.router, operating.router):
    router.include_router(part)
