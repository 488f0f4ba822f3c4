# What only a kernel with AppArmor can show, beyond test/sandbox/apparmor.test.ts. Sourced by inside.
# shellcheck shell=bash
source ops/apparmor.sh

readonly read_own_memory='{"language":"python","source":"try:\n  open(\"/proc/self/mem\", \"rb\"); print(\"opened\")\nexcept OSError as error: print(error.strerror)"}'

label_of_job() { cat "/proc/$(pgrep -fx 'sleep 6' | head -1)/attr/current" > /tmp/label; }

# What the kernel says, not what the launcher says: on the host, for a job's own process.
look_at_label() {
  check job-with-label '"stdout":"through' "$(during_a_job label_of_job)"
  check apparmor-seen-by-host 'stockade-job-default \(enforce\)' "$(cat /tmp/label)"
  prints label-stays 'refused\\n' '{"language":"bash","source":"(echo -n changeprofile unconfined > /proc/self/attr/current) 2> /dev/null && echo changed || echo refused"}'
}

# The same job, the same sandbox, and only the denials of the profile gone: what was refused was refused by AppArmor alone.
look_at_denial() {
  prints apparmor-denies 'Permission denied\\n' "$read_own_memory"
  apparmor_profile default | sed '/^ *deny /d' | apparmor_parser --replace --skip-cache
  prints control-without-denials 'opened\\n' "$read_own_memory"
  apparmor_profile default | apparmor_parser --replace --skip-cache
  prints apparmor-denies-again 'Permission denied\\n' "$read_own_memory"
}

# An internet socket under each profile, with no sandbox around: what the classes differ in.
reaches_api() { aa-exec -p "$1" -- curl -s --max-time 20 -o /dev/null -w '%{http_code}' http://127.0.0.1:7070/healthz; }
look_at_classes() {
  local class
  check network-of-default '^200$' "$(reaches_api stockade-job-default)"
  for class in strict build; do check "network-of-$class" '^000$' "$(reaches_api "stockade-job-$class")"; done
}
