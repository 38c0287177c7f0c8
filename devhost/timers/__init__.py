"""Timer triggers: ``schedule.py`` reads NCRONTAB as Azure's host does, ``timer.py`` runs the
function when it is due and remembers when it ran.
"""

from devhost.timers.schedule import TimerSchedule
from devhost.timers.timer import TimerStatus, TimerTrigger

__all__ = ["TimerSchedule", "TimerStatus", "TimerTrigger"]
