# Read by ./jbang: makes commands of the tools that need neither JBang nor this checkout nor a network, and takes them
# away again. Each installation has a folder of its own, so that what runs keeps its jars during an upgrade.
#
#   DIR/NAME                                  starts java with the jars of the newest installation
#   SHARE/sse-to-udp/XXXXXX/                  an installation: jars, what a JVM starts sooner from, completion
#   SHARE/bash-completion/completions/NAME    a link to the newest completion
#
# SHARE is DIR/../share where DIR ends in bin. Elsewhere all but the commands is in DIR/.sse-to-udp.

tools='sse-listen udp-send sse-to-udp udp-listen sse-serve'
mark="made by './jbang install'"
unit=/usr/local/lib/systemd/system/sse-to-udp@.service
settings=/etc/sse-to-udp

[ $# -le 2 ] || die "$1 takes one folder"
bin=${2:-$HOME/.local/bin}
service=
case $bin in
  --service)
    service=yes
    bin=/usr/local/bin
    [ "$(id -u)" = 0 ] || die "$1 --service needs root: sudo ./jbang $1 --service"
    command -v systemctl >/dev/null || die "$1 --service needs systemd; docs/operation.md shows other ways"
    ;;
  -*) die "$1 takes the folder for the commands, ~/.local/bin unless given, or --service: ./jbang $1 [DIR]" ;;
  /*) ;;
  *) bin=$PWD/$bin ;;
esac
# One folder has one name.
[ ! -d "$bin" ] || bin=$(CDPATH='' cd -P -- "$bin" && pwd -P)

case $bin in
  */bin)
    data=${bin%/*}/share/sse-to-udp
    completions=${bin%/*}/share/bash-completion/completions
    ;;
  *)
    data=${bin%/}/.sse-to-udp
    completions=$data/completions
    ;;
esac

is_ours() {
  grep -qs "$mark" "$1"
}

quoted() {
  printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

# ---- what was there before ------------------------------------------------------------------

# Something runs from that installation, or it is being made.
is_in_use() {
  maker=$(cat "$1/maker" 2>/dev/null) && kill -0 "$maker" 2>/dev/null && return
  # In a variable, since a grep for it would find itself.
  if [ -d /proc/self ]; then
    running=$(set +f && cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n')
  else
    running=$(ps -A -o args=)
  fi
  case $running in
    *"$1/"*) ;;
    *) return 1 ;;
  esac
}

# Removes this DIR's installations in a folder that nothing runs from, but for the one named.
remove_installations() {
  set +f
  for each in "$1"/*/; do
    each=${each%/}
    if [ "$each" != "$2" ] && [ "$(cat "$each/for" 2>/dev/null)" = "$bin" ]; then
      if is_in_use "$each"; then
        printf 'something runs from %s: it stays until the next ./jbang install or uninstall\n' "$each"
      else
        rm -rf "$each"
      fi
    fi
  done
  set -f
}

# What is there is found by the commands: they name the folder of their jars.
uninstall() {
  if [ -n "$service" ] && is_ours "$unit"; then
    rm -f "$unit" || die "cannot remove $unit"
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
    printf 'removed %s; %s and /var/lib/sse-to-udp are yours\n' "$unit" "$settings"
  fi
  removed=
  for tool in $tools; do
    is_ours "$bin/$tool" || continue
    folder=$(sed -n 's/^# jars in //p' "$bin/$tool")
    [ "$(cat "$folder/for" 2>/dev/null)" != "$bin" ] || data=${folder%/*}
    rm -f "$bin/$tool" || die "cannot remove $bin/$tool"
    removed="$removed $tool"
  done
  if [ -n "$removed" ]; then
    printf 'removed from %s:%s\n' "$bin" "$removed"
  else
    printf 'nothing of ours is in %s\n' "$bin"
  fi
  remove_installations "$data" ''
  for tool in $tools; do
    [ -e "$completions/$tool" ] || rm -f "$completions/$tool"
  done
  if [ -d "$data" ] && [ -z "$(find "$data" -name for)" ]; then
    rm -f "$data/completion.zsh"
    [ ! -d "$data/completions" ] || rmdir "$data/completions"
    rmdir "$data"
  fi
}

# ---- a new installation ---------------------------------------------------------------------

# Prints the shell code that finds java for a command: that of JAVA_HOME, of the PATH, or the one named.
find_java() {
  cat <<END
# Whether the java in a folder is older than 17. A file there tells without starting it.
is_old() {
  [ -r "\$1/release" ] || return 1
  while IFS='"' read -r key version rest; do
    [ "\$key" != JAVA_VERSION= ] || { [ "\${version%%[!0-9]*}" -lt 17 ] && return; }
  done <"\$1/release"
  return 1
}
needed='17 or newer is needed'
java=\${JAVA_HOME:+\$JAVA_HOME/bin/java}
why=
if [ -n "\$java" ]; then
  [ -x "\$java" ] || why="JAVA_HOME has no bin/java"
  ! is_old "\$JAVA_HOME" || why="JAVA_HOME is Java \$version"
fi
if [ -z "\$java" ] || [ -n "\$why" ]; then
  java=\$(command -v java) || java=$2
  [ -x "\$java" ] || {
    echo "$1: \${why:-no java is found}, \$needed: install a JRE, or set JAVA_HOME" >&2
    exit 1
  }
  home=\$(readlink -f "\$java")
  ! is_old "\${home%/bin/java}" || {
    echo "$1: \${why:+\$why; }\$java is Java \$version, \$needed: install a JRE, or set JAVA_HOME" >&2
    exit 1
  }
  [ -z "\$why" ] || echo "$1: \$why, \$needed; \$java runs instead" >&2
fi
END
}

# Prints a command. What Java damages in the locale C is what it damages in ./jbang.
command_text() {
  cat <<END
#!/bin/sh
# $1, $mark in $root
# jars in $folder
$(find_java "$1" "$(quoted "$jre")")
case \$(locale charmap 2>/dev/null) in
  ANSI* | *ASCII)
    [ "\$(LC_ALL=C.UTF-8 locale charmap 2>/dev/null)" != UTF-8 ] ||
      export LC_CTYPE=C.UTF-8 LC_ALL="\${LC_ALL:+C.UTF-8}"
    ;;
esac
exec "\$java" $2 "\$@"
END
}

# Copies the jars of a tool. What JBang would run is then, without its archive:
#   jvm_options   the JVM's options, for the shell
#   main          the class path, for the shell, and the main class
take_over() {
  script_of "$1"
  ask_jbang "$script"
  [ "$status" = 255 ] || exit "$status"
  eval "set -- $output"
  shift
  jvm_options="-XX:+IgnoreUnrecognizedVMOptions -Xlog:disable"
  jars=
  while :; do
    case $1 in
      -classpath) jars=$2 && shift ;;
      -XX:SharedArchiveFile=* | -XX:ArchiveClassesAtExit=* | -XX:+IgnoreUnrecognizedVMOptions | -Xlog:disable) ;;
      -*) jvm_options="$jvm_options $(quoted "$1")" ;;
      *) break ;;
    esac
    shift
  done
  main_class=$1
  IFS=:
  # shellcheck disable=SC2086 # several jars
  set -- $jars
  unset IFS
  jars=
  for jar; do
    [ -e "$folder/${jar##*/}" ] || cp "$jar" "$folder/" || die "cannot copy $jar to $folder"
    jars=$jars:$folder/${jar##*/}
  done
  main="-cp $(quoted "${jars#:}") $main_class"
}

# The number behind the last colon of the first line with this text, once it is there.
await_port() {
  turns=0
  while [ $turns -lt 200 ]; do
    port=$(sed -n "/$1/{s,.*[: ]\([0-9][0-9]*\)[^0-9]*.*,\1,p;q;}" "$2" 2>/dev/null)
    [ -z "$port" ] || return 0
    turns=$((turns + 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  return 1
}

# Runs a tool for the first time; its process is in NAME.pid. A part of what it loaded would be worse than nothing.
once() {
  # shellcheck disable=SC2016 # the variables of another shell, whose process becomes the tool
  sh -c 'echo $$ >"$1.pid" && exec "./$@"' sh "$@" && mv -f "$folder/$1.new" "$folder/$1.kept"
}

# Runs each tool for real, on loopback: what they load is what their JVMs start from, and since JDK 25 how they ran, so
# that their first events are as quick as later ones. Without, they start slower. Each ends, also where another fails.
run_each_once() (
  cd "$folder/first" || exit
  export no_proxy='*'
  yes | head -n 20000 | once sse-serve --port 0 --wait 2 --linger 0 >serve 2>&1 &
  once udp-listen -v -c 1 -m 60 127.0.0.1:0 >listen 2>&1 &
  await_port 'http:' serve && url=http://127.0.0.1:$port/events && await_port 'listening' listen && {
    echo two | once udp-send "127.0.0.1:$port"
    once sse-listen -m 60 -c 20000 "$url" &
    once sse-to-udp -m 60 -c 20000 "$url" "127.255.255.255:$port" && wait $!
  } || kill "$(cat sse-serve.pid)"
  wait
) >/dev/null 2>&1

install() {
  for tool in $tools; do
    if [ -e "$bin/$tool" ] || [ -L "$bin/$tool" ]; then
      is_ours "$bin/$tool" || die "$bin/$tool is not ours: move it away first, or install into another folder"
    fi
  done
  umask 022
  mkdir -p "$bin" 2>/dev/null && [ -w "$bin" ] || die "cannot write to $bin"
  bin=$(CDPATH='' cd -P -- "$bin" && pwd -P)
  mkdir -p "$data" "$completions" 2>/dev/null && folder=$(mktemp -d "$data/XXXXXX" 2>/dev/null) ||
    die "cannot write to $data"
  tmp=$folder
  trap cleanup EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  chmod 755 "$folder"
  printf '%s\n' "$bin" >"$folder/for"
  printf '%s\n' $$ >"$folder/maker"
  mkdir "$folder/first" "$folder/bin" "$folder/completion"

  jre=$(eval "$(find_java jbang "''")" && printf %s "$java") || exit
  major=$("$jre" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
  [ "${major:-0}" -ge 17 ] || die "$jre is version ${major:-unknown}, 17 or newer is needed: set JAVA_HOME"

  for tool in $tools; do
    take_over "$tool"
    if [ "$major" -ge 25 ]; then
      make=-XX:AOTCacheOutput=
      start=-XX:AOTCache=
    else
      make=-XX:ArchiveClassesAtExit=
      start=-XX:SharedArchiveFile=
    fi
    command_text "$tool" "$make$(quoted "$folder/$tool.new") $jvm_options $main" >"$folder/first/$tool"
    command_text "$tool" "$start$(quoted "$folder/$tool.kept") $jvm_options $main" >"$folder/bin/$tool"
    chmod 755 "$folder/first/$tool" "$folder/bin/$tool"
    eval "\"\$jre\" -XX:TieredStopAtLevel=1 ${main% *} picocli.AutoComplete -f -n $tool \
      -o $(quoted "$folder/completion/$tool") $main_class" >/dev/null || die "no completion for $tool"
  done
  run_each_once

  # One rename each: whoever starts a command gets the one from before or the new one.
  for tool in $tools; do
    cp -p "$folder/bin/$tool" "$bin/.$tool.$$" && mv -f "$bin/.$tool.$$" "$bin/$tool" || die "cannot write to $bin"
    ln -sf "$folder/completion/$tool" "$completions/.$tool.$$" && mv -f "$completions/.$tool.$$" "$completions/$tool"
  done
  # shellcheck disable=SC2016 # zsh's variable
  printf 'for tool in %s; do source %s/$tool; done\n' "$tools" "$(quoted "$completions")" >"$folder/zsh"
  mv -f "$folder/zsh" "$data/completion.zsh"
  trap - EXIT HUP INT TERM
  rm -rf "$folder/first" "$folder/bin" "$folder/maker"
  chmod -R a+rX "$folder"

  printf 'in %s: %s\n' "$bin" "$tools"
  printf 'their jars are in %s\n' "$folder"
  remove_installations "$data" "$folder"
  if [ -n "$service" ]; then
    install_service
    return
  fi
  printf 'completion: bash has it at its next start, with the package bash-completion;\n'
  printf '  zsh with this in ~/.zshrc, behind compinit: source %s\n' "$data/completion.zsh"
  case :$PATH: in
    *:"$bin":*)
      printf '%s is on the PATH\n' "$bin"
      for tool in $tools; do
        first=$(command -v "$tool")
        [ "$first" = "$bin/$tool" ] || printf '  but %s comes first\n' "$first"
      done
      printf 'next: sse-to-udp --help\n'
      ;;
    *) printf '%s is not on the PATH: put this into ~/.profile: PATH=%s:$PATH\n' "$bin" "$(quoted "$bin")" ;;
  esac
}

# Nobody edits the unit, so that an upgrade may replace it.
install_service() {
  mkdir -p "${unit%/*}" &&
    { printf '# %s in %s\n' "$mark" "$root" && cat "$root/examples/sse-to-udp@.service"; } >"$unit.$$" &&
    mv -f "$unit.$$" "$unit" || die "cannot write $unit"
  # Its files may hold tokens.
  [ -d "$settings" ] || mkdir -m 700 "$settings" || die "cannot make $settings"
  [ ! -d /run/systemd/system ] || systemctl daemon-reload
  printf 'the service is sse-to-udp@NAME, with its options in %s/NAME.conf\n' "$settings"
  if [ -n "$(systemctl list-units --plain --no-legend 'sse-to-udp@*' 2>/dev/null)" ]; then
    printf "next: systemctl restart 'sse-to-udp@*'\n"
  else
    printf 'next: write %s/panel.conf, as %s, then: systemctl enable --now sse-to-udp@panel\n' "$settings" \
      "$root/examples/panel.conf"
  fi
}
