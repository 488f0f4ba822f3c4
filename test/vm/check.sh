# How the checks inside the virtual machine are made and told: `vm ok NAME` or `vm not ok NAME: …`, which test/vm/run counts. Sourced.
# shellcheck shell=bash

failed=0
jobs_log=/tmp/jobs-sent # a line a job, from whatever process sends it

check() { # NAME PATTERN TEXT
  if grep -qE -- "$2" <<< "$3"; then echo "vm ok $1"; else failed=$((failed + 1)); echo "vm not ok $1: wanted $2, got ${3:0:1500}"; fi
}

request() { # PATH CURL-ARGUMENT...
  local path=$1
  shift
  curl -s --max-time 120 "http://127.0.0.1:7070/v1/$path" -H "Authorization: Bearer $(cat /root/.config/stockade/stockade.key)" "$@"
}

job() { # SPECIFICATION → the finished job as JSON
  local answer id looks=0
  echo >> "$jobs_log"
  answer=$(request 'jobs?wait=60' -H 'Content-Type: application/json' -d "$1")
  id=$(grep -oE 'job_[0-9a-z]{26}' <<< "$answer" | head -1)
  while grep -qE '"state":"(queued|running)"' <<< "$answer" && [ $((looks += 1)) -le 10 ]; do answer=$(request "jobs/$id?wait=60"); done
  echo "$answer"
}
ends() { check "$1" "\"outcome\":\"$2\"" "$(job "$3")"; } # NAME OUTCOME SPECIFICATION
prints() { check "$1" "\"stdout\":\"$2" "$(job "$3")"; } # NAME TEXT SPECIFICATION

main_process() { systemctl show --property MainPID --value "stockade-$1"; }

# A job that sleeps while the function named is called: its result is on stdout, then what the function said.
during_a_job() { # FUNCTION [MORE-OF-THE-SPECIFICATION]
  job "{\"language\":\"bash\",\"source\":\"sleep 6; echo through\",\"limits\":{\"wallMs\":60000${2:-}}}" > /tmp/during &
  local curl=$!
  until pgrep -fx 'sleep 6' > /dev/null; do sleep 0.1; kill -0 $curl 2> /dev/null || break; done
  "$1"
  wait $curl
  cat /tmp/during
}

# A test file as it is, by Node.js alone; each of its outermost tests is a check. What is skipped in it is told.
run_test_file() { # PATH-IN-test SECONDS
  local name=$1 output=/tmp/test.tap status=0 bad
  local started=$SECONDS
  # tap's own bound, half a minute for a file that no runner has started, is no bound here.
  TAP_TIMEOUT=$2 timeout --kill-after=10 "$2" node "dist/test/$name.test.js" > "$output" 2>&1 || status=$?
  sed -nE "s|^ok [0-9]+ - (.*)|vm ok $name: \1|p" "$output"
  sed -nE 's/^ *# (corpus: .*)$/vm \1/p' "$output"
  grep -E '^ *ok .*# SKIP' "$output" | sed -E "s|^ *ok [0-9]+ - |vm skipped $name: |"
  bad=$(grep -E '^not ok ' "$output" | sort -u | wc -l) # tap says a failure twice
  if [ "$status" -ne 0 ] || [ "$bad" -gt 0 ]; then
    [ "$bad" -gt 0 ] || { bad=1; echo "vm not ok $name: ended with status $status"; }
    failed=$((failed + bad))
    sed -nE "s|^not ok [0-9]+ - (.*)|vm not ok $name: \1|p" "$output" | sort -u
    grep -E -A 25 '^ +not ok ' "$output" | head -200 | sed 's/^/vm detail /'
    [ "$(grep -cE '^ +not ok ' "$output")" -gt 0 ] || tail -30 "$output" | sed 's/^/vm detail /'
  fi
  echo "vm time $name $((SECONDS - started)) s"
}
