# shellcheck shell=bash
# Functions that the steps share; to be sourced.

# Runs a command, copies its output to the file LOG, and returns its status. The output may quote file names and titles
# from untrusted sources, so the runner must not execute workflow commands in it until it sees an unguessable token.
quietly() {
  local log=$1 word status
  shift
  word=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  printf '::stop-commands::%s\n' "$word"
  "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  printf '\n::%s::\n' "$word"
  return "$status"
}
