"""Results of a load test: verdict, proposed capacity, JSON, HTML, charts, and progress while it runs."""
