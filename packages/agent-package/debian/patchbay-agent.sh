#!/bin/sh
# The young generation of V8 is kept small: an agent that waits makes little garbage, and memory is the host's.
exec /usr/lib/patchbay-agent/node --max-semi-space-size=1 --disable-warning=ExperimentalWarning /usr/lib/patchbay-agent/agent.mjs "$@"
