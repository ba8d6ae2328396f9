"""Books sessions under the 80 % rule of Điều 12.4 and issues codes; knows units and points, no people and no media."""
