# shellcheck shell=bash
# What the steps share. To be sourced.

# Runs a command and keeps what it prints in a file, LOG; ends as it does. What is printed may quote names of files and
# titles, which anybody may have chosen: no line of it is a command to the runner, until a word that nobody could know.
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
