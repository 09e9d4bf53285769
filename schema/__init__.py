"""What clients see: one file an area, with types, inputs and payloads.

Beside every field stands where its value is; below it, in a docstring, what partners read about it. The finished
schema is `schema.build.schema`; `schema.graphql` is its snapshot.
"""
