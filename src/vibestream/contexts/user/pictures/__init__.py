"""Pictures of profiles: a fan's portrait, an artist's portrait and the banner over their page.

Each upload is a picture of its own, with an id and with objects that lie under that id and never change; a new one takes
the place of the old one, whose objects are deleted. Whether somebody may see a picture is asked at every request of it,
in the statement that finds it: of a page that is closed or hidden, the picture is not there.
"""
