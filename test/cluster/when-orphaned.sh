#!/bin/sh
# Waits until standard input closes, which is when the process at its other end has died by whatever signal. Then
# ends the processes that the pid files in the run directory $1 name, stopped ones too, and removes the directory.
run=$1
read -r _
for file in "$run"/run/*.pid; do
  [ -f "$file" ] && kill -s KILL "$(sed 's/[^0-9]*\([0-9]*\).*/\1/' "$file")" 2>/dev/null
done
sleep 1
rm -rf "$run"
