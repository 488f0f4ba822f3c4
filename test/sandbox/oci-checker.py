"""Looks at the container it runs in from inside, and says where it is not what config.json asks for.

Its own reading of the OCI runtime-spec, with the checks of runtime-tools' runtimetest that have a meaning here and more: it knows
nothing of the program that made the config. Next to it lie config.json, and facts.json: {"namespaces": the host's inodes,
"seesHostIds": whether id maps show the host's ids, "defaultDevices": whether the spec's own devices may be there,
"mutations": [{"name", "pointer", "value"}]}. Prints one line of JSON: what it found wrong with the config, and with each mutation.
"""
import copy
import ctypes
import json
import os
import resource
import stat
import sys

CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST "
    "NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE "
    "SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM "
    "BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split()
CAPABILITY_SETS = {"bounding": "CapBnd", "effective": "CapEff", "inheritable": "CapInh", "permitted": "CapPrm", "ambient": "CapAmb"}
NAMESPACE_FILES = {"mount": "mnt", "network": "net"}
# config-linux.md, "Default Devices": a runtime must supply these, whatever the config says.
DEFAULT_DEVICES = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console", "/dev/ptmx"}
# config-linux.md, "Dev symbolic links"
DEFAULT_LINKS = {"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2"}
MOUNT_FLAGS = {"ro", "rw", "nosuid", "nodev", "noexec"}

EPERM, ESRCH, EBADF, EFAULT, EINVAL = 1, 3, 9, 14, 22
ANY = 0xFFFFFFFFFFFFFFFF
# Harmless calls: name, number on x86_64, arguments, and what the kernel answers an ordinary process where no filter stands before it.
CALLS = [
    ("getpid", 39, [], 0), ("read", 0, [ANY, 0, 0], EBADF), ("chmod", 90, [0, 0], EFAULT),
    ("mount", 165, [0, 0, 0, 0, 0], EFAULT), ("chroot", 161, [0], EFAULT), ("unshare", 272, [0], 0), ("setns", 308, [ANY, 0], EBADF),
    ("open_tree", 428, [ANY, 0, 0xFFFF0000], EINVAL), ("ptrace", 101, [ANY, 0, 0, 0], ESRCH),
    ("process_vm_readv", 310, [0, 0, 0, 0, 0, 1], EINVAL), ("process_madvise", 440, [ANY, 0, 0, 0, 0], EBADF),
    ("pidfd_getfd", 438, [ANY, 0, 0], EBADF), ("kcmp", 312, [0, 0, 99, 0, 0], ESRCH),
    ("keyctl", 250, [999, 0, 0, 0, 0], 95), ("add_key", 248, [0, 0, 0, 0, 0], EFAULT), ("io_uring_setup", 425, [0, 0], EFAULT),
    ("clone3", 435, [0, 0], EINVAL), ("clone", 56, [0x10000200, 0, 0, 0, 0], EINVAL),
    ("name_to_handle_at", 303, [ANY, 0, 0, 0, 0xFFFF], EINVAL),
    ("socket", 41, [1, 1, 0], 0), ("socket", 41, [1 | 1 << 40, 1, 0], 0), ("socket", 41, [2, 1, 0], 0), ("socket", 41, [2, 2, 17], 0),
    ("socket", 41, [16, 3, 0], 0), ("socket", 41, [2, 3, 1], EPERM),
    ("ioctl", 16, [ANY, 0x5401, 0], EBADF), ("ioctl", 16, [ANY, 0x5412, 0], EBADF), ("ioctl", 16, [ANY, 0x541C, 0], EBADF),
    ("ioctl", 16, [ANY, 0x5412 | 1 << 32, 0], EBADF), ("personality", 135, [0xFFFFFFFF], 0), ("personality", 135, [0x0040000], 0),
    ("prctl", 157, [38, 1, 0, 0, 0], 0), ("prctl", 157, [59, 0, 0, 0, 0], 0), ("prctl", 157, [47, 1, 0, 0, 0], 0),
    ("prctl", 157, [47, 2, 0, 0, 0], EPERM), ("setsockopt", 54, [ANY, 6, 1, 0, 0], EBADF), ("setsockopt", 54, [ANY, 6, 31, 0, 0], EBADF),
    ("mknod", 133, [0, 0o100666, 0], EFAULT), ("mknod", 133, [0, 0o020666, 0], EFAULT), ("seccomp", 317, [1, 8, 0], EFAULT),
]
ACTIONS = {"SCMP_ACT_ALLOW": "allow", "SCMP_ACT_LOG": "allow"}


def text(path):
    with open(path, encoding="utf8", errors="surrogateescape") as file:
        return file.read()


def words_of(path):
    return text(path).split("\0")[:-1]


def label():
    try:
        return text("/proc/self/attr/current").strip("\0\n")
    except OSError:
        return "no security module with labels in this kernel"


def status():
    return dict(line.split(":\t", 1) for line in text("/proc/self/status").splitlines() if ":\t" in line)


def observed_call(number, arguments):
    """0 or the errno, seen in a child, since a call may change or end the process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.syscall.restype = ctypes.c_long
        result = libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(one) for one in arguments])
        os.write(writer, str(0 if result >= 0 else ctypes.get_errno()).encode())
        os._exit(0)
    os.close(writer)
    answer = os.read(reader, 16)
    os.close(reader)
    _, ended = os.waitpid(child, 0)
    return int(answer) if answer else f"signal {os.WTERMSIG(ended)}"


def mounts():
    found = []
    for line in text("/proc/self/mountinfo").splitlines():
        own, rest = line.split(" - ", 1)
        fields, (kind, source, options) = own.split(" "), rest.split(" ", 2)
        found.append({"at": fields[4], "flags": set(fields[5].split(",")), "tags": fields[6:], "type": kind, "options": options.split(",")})
    return found


def device_files():
    found = {}
    for folder, directories, names in os.walk("/dev"):
        for name in names:
            path = os.path.join(folder, name)
            entry = os.lstat(path)
            if stat.S_ISCHR(entry.st_mode) or stat.S_ISBLK(entry.st_mode):
                found[path] = entry
    return found


class Observation:
    """What does not change from one config to the next, looked at once."""

    def __init__(self):
        self.status = status()
        self.mounts = mounts()
        self.devices = device_files()
        self.calls = [observed_call(number, arguments) for _, number, arguments, _ in CALLS]


class Check:
    def __init__(self, config, facts, seen):
        self.config, self.facts, self.seen, self.wrong = config, facts, seen, []
        self.process, self.linux = config["process"], config["linux"]

    def equal(self, what, expected, actual):
        if expected != actual:
            self.wrong.append({"check": what, "expected": expected, "actual": actual})

    def identity(self):
        user, seen = self.process["user"], self.seen.status
        self.equal("hostname", self.config["hostname"], os.uname().nodename)
        self.equal("uid", [user["uid"]] * 4, [int(one) for one in seen["Uid"].split()])
        self.equal("gid", [user["gid"]] * 4, [int(one) for one in seen["Gid"].split()])
        groups = {int(one) for one in seen["Groups"].split()} - {user["gid"]}
        self.equal("groups", sorted(user["additionalGids"]), sorted(groups))
        self.equal("umask", user["umask"], int(seen["Umask"], 8))

    def program(self):
        self.equal("args", self.process["args"], words_of("/proc/self/cmdline"))
        self.equal("env", sorted(self.process["env"]), sorted(words_of("/proc/self/environ")))
        self.equal("cwd", self.process["cwd"], os.getcwd())
        self.equal("terminal", self.process["terminal"], any(os.isatty(one) for one in (0, 1, 2)))

    def privileges(self):
        for name, field in CAPABILITY_SETS.items():
            mask = int(self.seen.status[field], 16)
            actual = [f"CAP_{one}" for bit, one in enumerate(CAPABILITIES) if mask >> bit & 1]
            self.equal(f"capabilities.{name}", sorted(self.process["capabilities"][name]), sorted(actual))
        self.equal("noNewPrivileges", self.process["noNewPrivileges"], self.seen.status["NoNewPrivs"] == "1")
        self.equal("oomScoreAdj", self.process["oomScoreAdj"], int(text("/proc/self/oom_score_adj")))
        if "apparmorProfile" in self.process:
            self.equal("apparmorProfile", f"{self.process['apparmorProfile']} (enforce)", label())

    def resource_limits(self):
        for limit in self.process["rlimits"]:
            actual = resource.getrlimit(getattr(resource, limit["type"]))
            self.equal(limit["type"], [limit["soft"], limit["hard"]], list(actual))

    def namespaces(self):
        asked = {NAMESPACE_FILES.get(one["type"], one["type"]) for one in self.linux["namespaces"]}
        for kind, host in self.facts["namespaces"].items():
            actual = "own" if os.readlink(f"/proc/self/ns/{kind}") != host else "the host's"
            self.equal(f"namespace {kind}", "own" if kind in asked else "the host's", actual)
        for name in ("uid", "gid"):
            rows = [[int(one) for one in line.split()] for line in text(f"/proc/self/{name}_map").splitlines()]
            keys = ("containerID", "hostID", "size") if self.facts["seesHostIds"] else ("containerID", "size")
            actual = [[row[("containerID", "hostID", "size").index(key)] for key in keys] for row in rows]
            self.equal(f"{name}Mappings", [[one[key] for key in keys] for one in self.linux[f"{name}Mappings"]], actual)

    def root(self):
        root = [one for one in self.seen.mounts if one["at"] == "/"][-1]
        self.equal("root.readonly", self.config["root"]["readonly"], "ro" in root["flags"])
        tags = {"private": [], "shared": ["shared"], "slave": ["master"], "unbindable": ["unbindable"]}
        self.equal("rootfsPropagation", tags[self.linux["rootfsPropagation"]], sorted({one.split(":")[0] for one in root["tags"]}))

    def one_mount(self, mount, found):
        where = mount["destination"]
        self.equal(f"mount {where} type", mount["type"], found["type"])
        if "ro" not in mount["options"]:
            self.equal(f"mount {where} ro", False, "ro" in found["flags"])
        for option in mount["options"]:
            name, _, value = option.partition("=")
            if option in MOUNT_FLAGS:
                self.equal(f"mount {where} {option}", True, option in found["flags"])
            elif name == "size":
                blocks = os.statvfs(where)
                self.equal(f"mount {where} size", int(value), blocks.f_blocks * blocks.f_frsize)
            elif name == "mode" and mount["type"] == "tmpfs":
                self.equal(f"mount {where} mode", int(value, 8), stat.S_IMODE(os.stat(where).st_mode))
            elif name != "newinstance":
                self.equal(f"mount {where} {name}", True, f"{name}={value.lstrip('0')}" in found["options"])

    def all_mounts(self):
        positions = []
        for mount in self.config["mounts"]:
            at = [index for index, one in enumerate(self.seen.mounts) if one["at"] == mount["destination"]]
            self.equal(f"mount {mount['destination']}", "mounted once", "mounted once" if len(at) == 1 else f"{len(at)} times")
            if at:
                positions.append(self.seen.mounts[at[0]])
                self.one_mount(mount, self.seen.mounts[at[0]])
        named = {one["destination"] for one in self.config["mounts"]} | {one["path"] for one in self.linux["devices"]} | {"/"}
        named |= DEFAULT_DEVICES if self.facts["defaultDevices"] else set()
        covers = self.linux["maskedPaths"] + self.linux["readonlyPaths"]
        others = [one["at"] for one in self.seen.mounts if one["at"] not in named and one["at"] not in covers]
        self.equal("mounts that nobody asked for", [], others)

    def covered_paths(self):
        for path in self.linux["maskedPaths"]:
            self.equal(f"masked {path}", False, readable(path))
        for path in self.linux["readonlyPaths"]:
            if os.path.exists(path):
                self.equal(f"read-only {path}", True, bool(os.statvfs(path).f_flag & os.ST_RDONLY))

    def devices(self):
        for device in self.linux["devices"]:
            path, entry = device["path"], self.seen.devices.get(device["path"])
            if entry is None:
                self.equal(f"device {path}", "there", "missing")
                continue
            kind = "c" if stat.S_ISCHR(entry.st_mode) else "b"
            actual = [kind, os.major(entry.st_rdev), os.minor(entry.st_rdev), stat.S_IMODE(entry.st_mode)]
            self.equal(f"device {path}", [device["type"], device["major"], device["minor"], device["fileMode"]], actual)
        named = {one["path"] for one in self.linux["devices"]} | {"/dev/pts/ptmx"}
        named |= DEFAULT_DEVICES if self.facts["defaultDevices"] else set()
        self.equal("devices that nobody asked for", [], sorted(set(self.seen.devices) - named))
        for link, target in DEFAULT_LINKS.items():
            self.equal(f"link {link}", target, os.readlink(link) if os.path.islink(link) else "no link")

    def kernel_parameters(self):
        for name, value in self.linux.get("sysctl", {}).items():
            self.equal(f"sysctl {name}", value, text("/proc/sys/" + name.replace(".", "/")).strip())

    def seccomp(self):
        self.equal("seccomp mode", "2", self.seen.status["Seccomp"])
        for (name, _, arguments, without), actual in zip(CALLS, self.seen.calls):
            self.equal(f"{name}{arguments}", said(self.linux["seccomp"], name, arguments, without), actual)

    def run(self):
        self.identity(), self.program(), self.privileges(), self.resource_limits(), self.namespaces(), self.root()
        self.all_mounts(), self.covered_paths(), self.devices(), self.kernel_parameters(), self.seccomp()
        return self.wrong


def readable(path):
    """runtime-tools' notion: one byte, or one name, can be read."""
    try:
        if os.path.isdir(path):
            return len(os.listdir(path)) > 0
        with open(path, "rb", buffering=0) as file:
            return len(file.read(1)) > 0
    except OSError:
        return False


def holds(compare, arguments):
    actual = arguments[compare["index"]] if compare["index"] < len(arguments) else 0
    if compare["op"] == "SCMP_CMP_MASKED_EQ":
        return actual & compare["value"] == compare["valueTwo"]
    return actual == compare["value"]


def said(section, name, arguments, without):
    """What the section says of a call: the errno, or what the kernel itself answers."""
    for rule in section["syscalls"]:
        if name in rule["names"] and all(holds(one, arguments) for one in rule.get("args", [])):
            return without if rule["action"] in ACTIONS else rule.get("errnoRet", EPERM)
    return without if section["defaultAction"] in ACTIONS else section.get("defaultErrnoRet", EPERM)


def mutated(config, pointer, value):
    changed = copy.deepcopy(config)
    *way, last = pointer.split("/")[1:]
    at = changed
    for key in way:
        at = at[int(key) if isinstance(at, list) else key]
    if isinstance(at, list) and last == "-":
        at.append(value)
    else:
        at[int(last) if isinstance(at, list) else last] = value
    return changed


def main():
    beside = os.path.dirname(os.path.abspath(__file__))
    config, facts = (json.loads(text(os.path.join(beside, name))) for name in ("config.json", "facts.json"))
    seen = Observation()
    report = {"config": Check(config, facts, seen).run(), "mutations": {}}
    for one in facts["mutations"]:
        wrong = Check(mutated(config, one["pointer"], one["value"]), facts, seen).run()
        report["mutations"][one["name"]] = [each["check"] for each in wrong]
    json.dump(report, sys.stdout)


main()
