#!/bin/sh
# The Node.js at $PRELOADING_NODE, with the file at $PRELOAD loaded first.
exec "$PRELOADING_NODE" --require "$PRELOAD" "$@"
