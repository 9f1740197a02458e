"""Delivery: who may fetch which bytes, the bytes, and the record of which of them were served to a listen.

An address is a capability: `/media/{token}/a/{asset}/...`. The token is signed over the asset's prefix, so that one
token opens every rendition and every segment of one asset and nothing else, and the relative addresses inside a
playlist carry it along. Nothing is looked up in the database to serve a segment.
"""
