// Pulumi loads a pack through ts-node, which does not take modules as this project writes them. From a JavaScript
// file Node imports them itself.
import "./index.ts";
