// Worker of noise-suppression.js: compiles RNNoise and posts the module. Its own content policy lets it compile
// WebAssembly; that of the pages does not (decision 87).

const WASM = new URL('../../vendor/rnnoise.wasm', location.href);

const compiled = fetch(WASM).then(response => response.arrayBuffer()).then(bytes => WebAssembly.compile(bytes));
compiled.then(module => postMessage(module), () => postMessage(null));
