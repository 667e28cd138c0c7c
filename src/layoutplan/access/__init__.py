"""How far is school: the road network, travel, catchments."""
