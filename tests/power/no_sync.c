/* Preloaded into a program, this takes its word for the deed: every sync succeeds and does nothing. */
int fsync(int descriptor) { (void)descriptor; return 0; }
int fdatasync(int descriptor) { (void)descriptor; return 0; }
int sync_file_range(int descriptor, long from, long bytes, unsigned flags)
{
    (void)descriptor; (void)from; (void)bytes; (void)flags;
    return 0;
}
