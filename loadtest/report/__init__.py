"""Results of a load test: verdict, proposed capacity, JSON, HTML and charts."""
