#!/bin/sh
# Becomes the registry, after its number and start time have gone to the pid file.
# usage: serve.sh PID_FILE PROGRAM CONFIG
set -eu
pid_file=$1 program=$2 config=$3
read -r stat < /proc/self/stat
set -- ${stat##*) }
shift 19
echo "${stat%% *} $1" > "$pid_file"
exec "$program" serve "$config"
