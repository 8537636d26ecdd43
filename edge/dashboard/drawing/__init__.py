"""Pictures as SVG, made on the server: numbers in, markup out; colours and sizes are the CSS's."""
