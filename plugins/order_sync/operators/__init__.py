"""The steps of a flow, one verb per module."""
