"""The pages, one module a part of the site: each route reads services into a view and renders its template."""
