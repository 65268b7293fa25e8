# shellcheck shell=bash
# Sourced by cluster/up, cluster/down and the tests of the cluster: processes that outlive the command that started them.
#
# $cluster is the cluster's directory. A process NAME has the directory $cluster/NAME in it, with `run` (how to start it), `log` (what
# it wrote) and `pid` (its ID and when it started, by which a later process with the same ID is told apart). $cluster/processes
# lists them in the order of their start: name, address, admin address or "-", separated by tabs.

# shellcheck disable=SC2154  # Set by whoever sources this.
stop_limit=60  # Seconds until a process that was told to end is killed; above the tracker's drain-limit.

# define_process NAME ADDRESS ADMIN-ADDRESS COMMAND...: how to start a process, from now on.
define_process() {
    local name=$1 directory=$cluster/$1
    printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$cluster/processes"
    shift 3
    mkdir -p "$directory"
    : >"$directory/log"
    { echo '#!/usr/bin/env bash' && printf 'exec' && printf ' %q' "$@" && echo; } >"$directory/run"
    chmod +x "$directory/run"
}

# start_process NAME: starts it in a session of its own, where Ctrl-C on this terminal does not reach it.
start_process() {
    local directory=$cluster/$1
    setsid "$directory/run" </dev/null >>"$directory/log" 2>&1 &
    echo "$! $(start_time $!)" >"$directory/pid"
}

# start_time ID: when a process started, in clock ticks since the machine did (proc(5), field 22 of stat); nothing if there is none.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# process_id NAME: its ID, if it is running.
process_id() {
    local id started
    read -r id started 2>/dev/null <"$cluster/$1/pid" || return 1
    [[ -n $started && $(start_time "$id") == "$started" && $(sed 's/.*) //' "/proc/$id/stat" 2>/dev/null) != Z* ]] && echo "$id"
}

# running_processes: the names of those that run, the last one started first.
running_processes() {
    local name
    [[ -f $cluster/processes ]] || return 0
    cut -f 1 "$cluster/processes" | tac | while read -r name; do
        if process_id "$name" >/dev/null; then echo "$name"; fi
    done
}

# stop_process NAME: asks it to end, waits, and kills it when that takes too long. A stopped (SIGSTOP) process goes on to hear it.
stop_process() {
    local name=$1 id deadline=$((SECONDS + stop_limit))
    id=$(process_id "$name") || return 0
    kill -TERM "$id" && kill -CONT "$id" || return 0
    while process_id "$name" >/dev/null; do
        if ((SECONDS >= deadline)); then
            kill -KILL "$id"
            echo "killed $name (process $id): it did not end within $stop_limit s of SIGTERM; see $cluster/$name/log"
            break
        fi
        sleep 0.05
    done
    rm -f "$cluster/$name/pid"
    ((SECONDS >= deadline)) || echo "stopped $name (process $id)"
}

# stop_processes: stops all, the last one started first: with the load balancer gone, nodes have no clients left to wait for.
stop_processes() {
    local name
    for name in $(running_processes); do stop_process "$name"; done
}
