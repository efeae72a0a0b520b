"""How the service fares, in numbers.

They are plain integers and floats, changed on the event loop alone: to count takes no lock.
"""
