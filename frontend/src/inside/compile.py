# compileall, which tells modules that do not compile (1) from one that could not be read or written (3): by itself it says
# the same of both.
import compileall
import errno
import py_compile
import sys

compile_module = py_compile.compile


def compile(file, *arguments, **options):
    try:
        return compile_module(file, *arguments, **options)
    except OSError as error:
        # A name that is too long with what Python adds to it: it is compiled when it is imported.
        if error.errno == errno.ENAMETOOLONG:
            raise
        print(f"{file}: {error.strerror or error}", file=sys.stderr)
        sys.exit(3)


py_compile.compile = compile
sys.exit(not compileall.main())
