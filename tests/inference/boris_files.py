"""Texts of files as BORIS writes them, small ones."""

from typing import Final

EVENTS: Final = (
    "Observation id,Observation date,Description,Observation duration,Observation type,Source,"
    "Time offset (s),Media duration (s),FPS,dose,Subject,Behavior,Behavioral category,"
    "Modifier #1,Modifier #2,Behavior type,Time,Media file name,Image index,Image file path,"
    "Comment\r\n"
    "obs,2024-01-02 03:04:05,,2.000,Media file(s),player #1:C:\\films\\a.mkv,0.0,2.000,10.000,"
    "high,m1,eat,,left,,START,0.200,C:\\films\\a.mkv,2,NA,\r\n"
    "obs,2024-01-02 03:04:05,,2.000,Media file(s),player #1:C:\\films\\a.mkv,0.0,2.000,10.000,"
    'high,m1,sniff,,,,POINT,0.500,C:\\films\\a.mkv,5,NA,"twice, fast"\r\n'
    "obs,2024-01-02 03:04:05,,2.000,Media file(s),player #1:C:\\films\\a.mkv,0.0,2.000,10.000,"
    "high,m1,eat,,left,,STOP,1.000,C:\\films\\a.mkv,10,NA,\r\n"
)
"""Tabular events as newer versions write them."""

AGGREGATED: Final = (
    "Observation id\tObservation date\tDescription\tMedia file\tTotal length\tFPS\tdose\tSubject\t"
    "Behavior\tBehavioral category\tModifiers\tBehavior type\tStart (s)\tStop (s)\tDuration (s)\t"
    "Comment start\tComment stop\n"
    "one\t2016-12-01 23:01:31\t\ta.mkv\t2.000\t10.0\thigh\tNo focal subject\teat\t\t\tSTATE\t0.200"
    "\t1.000\t0.800\t\t\n"
    "one\t2016-12-01 23:01:31\t\ta.mkv\t2.000\t10.0\thigh\tNo focal subject\tsniff\t\t\tPOINT\t0.5"
    "\t0.5\tNA\t\t\n"
    "two\t2016-12-01 23:01:31\t\tb.mkv\t3.000\tNA\tlow\tm2\trest\t\t\tSTATE\t0.000\t3.000\t3.000"
    "\t\tend\n"
)
"""Aggregated events, two observations in one file."""

BLOCK_ROWS: Final = (
    "Observation id,obs,,,,,,,",
    ",,,,,,,,",
    "Media file(s),,,,,,,,",
    ",,,,,,,,",
    "Player #1,/films/a.mkv,,,,,,,",
    ",,,,,,,,",
    "Observation date,2021-06-15 13:39:34,,,,,,,",
    ",,,,,,,,",
    "Description,,,,,,,,",
    ",,,,,,,,",
    "Time offset (s),0.0,,,,,,,",
    ",,,,,,,,",
    "independent variables,,,,,,,,",
    "variable,value,,,,,,,",
    "dose,high,,,,,,,",
    ",,,,,,,,",
    "Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status",
)


def block(*events: str, offset: str = "0.0", media: str = "/films/a.mkv") -> str:
    """Return a table with a header block; each event is `TIME SUBJECT BEHAVIOR STATUS`."""
    head = "\r\n".join(BLOCK_ROWS).replace("(s),0.0", f"(s),{offset}")
    rows = [
        f"{time},{media},2.000,10.0,{subject},{behavior},,,{status}\r\n"
        for time, subject, behavior, status in (event.split() for event in events)
    ]
    return "".join([head.replace("/films/a.mkv", media), "\r\n", *rows])
