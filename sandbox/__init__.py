"""The partners of the order flows, simulated: an SFTP server, HotWax Commerce, PredictSpring and a mailbox.

Everything listens on 127.0.0.1 only. This package is the other side of every interface, so it shares no code with the
platform under test: a mistake in shared code would be made on both sides and never be seen.
"""
