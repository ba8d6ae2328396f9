"""HTTP: routes, OpenAPI, middleware, problems (RFC 9457), uploads, byte ranges, pages, metrics."""
