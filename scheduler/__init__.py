"""Books sessions under the 80 % rule of Điều 12.4 and issues their codes; knows units and points, but no people and no media."""
