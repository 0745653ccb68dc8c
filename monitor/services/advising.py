"""From the newest findings and the last nights to advice."""

from monitor.core.advice import Advice, advise
from monitor.core.findings import AnalysisResult
from monitor.ports import NightStore


class Advising:
    """Advice of the moment; nothing is kept."""

    def __init__(self, nights: NightStore) -> None:
        self._nights = nights

    def advise(self, result: AnalysisResult) -> tuple[Advice, ...]:
        """What to change, the clearest first."""
        recent: dict[str, list[float]] = {}
        for night in self._nights.nights():
            for exposure in night.exposures:
                if exposure.value is not None:
                    recent.setdefault(exposure.name, []).append(exposure.value)
        return advise(result, recent)
