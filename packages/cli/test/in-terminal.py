# Runs a program in a terminal of its own, and passes on what it writes there. A line on standard input is what to do:
# "size COLUMNS", or the name of a signal for the program.
import fcntl, os, pty, select, signal, struct, sys, termios

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])

def resize(columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 40, columns, 0, 0))

resize(100)
inputs = [terminal, sys.stdin]
while terminal in inputs:
    for ready in select.select(inputs, [], [])[0]:
        if ready is terminal:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                data = b''
            if not data:
                inputs.remove(terminal)
            os.write(1, data)
        else:
            word, *rest = sys.stdin.readline().split() or ['end']
            if word == 'end':
                inputs.remove(sys.stdin)
            elif word == 'size':
                resize(int(rest[0]))
            else:
                os.kill(pid, getattr(signal, word))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
