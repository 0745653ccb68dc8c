"""What temperature and humidity together mean for a sleeper: moisture, dryness, felt heat."""

import math

from monitor.errors import InputError

ABSOLUTE_ZERO_C = -273.15

MAGNUS_HPA = 6.112
"""hPa; saturation pressure at 0 degC in the Magnus formula."""
MAGNUS_A = 17.62
"""Dimensionless coefficient of the Magnus formula over water."""
MAGNUS_B_C = 243.12
"""degC; the second coefficient of the Magnus formula over water."""

LOWEST_C, HIGHEST_C = -45.0, 60.0
"""degC; within these the Magnus formula is good to 0.6 %, beyond them nothing here is answered."""

GRAMS_PER_HPA = 216.679
"""g K / (m3 hPa); the molar mass of water over the gas constant."""

HEAT_INDEX_FROM_C = 27.0
"""degC; below this the heat index says nothing about a bedroom and is not shown."""

ROTHFUSZ_FROM_F = 80.0
"""degF; the weather service's regression applies from this value of its simple formula on."""


def saturation_vapour_pressure_hpa(temperature_c: float) -> float:
    """Pressure of water vapour over water at saturation (Magnus formula).

    Parameters
    ----------
    temperature_c : float
        Air temperature, degC, -45 to 60.

    Returns
    -------
    float
        Saturation vapour pressure, hPa; always above 0.

    Raises
    ------
    InputError
        If the temperature lies outside -45 to 60 degC or is not a number. Missing values are the caller's.

    References
    ----------
    Sonntag (1990), Zeitschrift fuer Meteorologie 70:340-344; as given by the National Physical Laboratory
    (good to 0.6 % from -45 to 60 degC).

    Examples
    --------
    >>> round(saturation_vapour_pressure_hpa(0.0), 3)
    6.112
    """
    if not LOWEST_C <= temperature_c <= HIGHEST_C:
        raise InputError(f"temperature: expected {LOWEST_C:g} to {HIGHEST_C:g} degC, got {temperature_c!r}")
    return MAGNUS_HPA * math.exp(MAGNUS_A * temperature_c / (MAGNUS_B_C + temperature_c))


def vapour_pressure_hpa(temperature_c: float, humidity_pct: float) -> float:
    """Pressure of the water vapour that is in the air.

    Parameters
    ----------
    temperature_c : float
        Air temperature, degC, -45 to 60.
    humidity_pct : float
        Relative humidity, %, 0 to 100.

    Returns
    -------
    float
        Vapour pressure, hPa.

    Raises
    ------
    InputError
        If a value lies outside its range or is not a number.

    Examples
    --------
    >>> round(vapour_pressure_hpa(18.0, 50.0), 2)
    10.3
    """
    if not 0.0 <= humidity_pct <= 100.0:
        raise InputError(f"humidity: expected 0 to 100 %, got {humidity_pct!r}")
    return humidity_pct / 100.0 * saturation_vapour_pressure_hpa(temperature_c)


def dew_point_c(temperature_c: float, humidity_pct: float) -> float:
    """Temperature at which the air's own moisture would condense.

    Parameters
    ----------
    temperature_c : float
        Air temperature, degC, -45 to 60.
    humidity_pct : float
        Relative humidity, %, above 0 and up to 100.

    Returns
    -------
    float
        Dew point, degC; at 100 % it is the temperature, below 100 % it is lower.

    Raises
    ------
    InputError
        If a value lies outside its range or is not a number; air without any water has no dew point.

    References
    ----------
    The Magnus formula solved for temperature; agrees with pythermalcomfort 4.8.1
    `psychrometrics.dew_point_tmp` to 5 digits.

    Examples
    --------
    >>> round(dew_point_c(18.0, 50.0), 4)
    7.4146
    """
    vapour_pressure_hpa(temperature_c, humidity_pct)  # refuses values out of range
    if humidity_pct == 0.0:
        raise InputError(f"humidity: expected above 0 % for a dew point, got {humidity_pct!r}")
    gamma = math.log(humidity_pct) - math.log(100.0) + MAGNUS_A * temperature_c / (MAGNUS_B_C + temperature_c)
    return MAGNUS_B_C * gamma / (MAGNUS_A - gamma)


def absolute_humidity_g_m3(temperature_c: float, humidity_pct: float) -> float:
    """Mass of water vapour in a cubic metre of air (ideal gas).

    Parameters
    ----------
    temperature_c : float
        Air temperature, degC, -45 to 60.
    humidity_pct : float
        Relative humidity, %, 0 to 100.

    Returns
    -------
    float
        Absolute humidity, g/m3.

    Raises
    ------
    InputError
        If a value lies outside its range or is not a number.

    Examples
    --------
    >>> round(absolute_humidity_g_m3(21.0, 60.0), 4)
    10.965
    """
    kelvin = temperature_c - ABSOLUTE_ZERO_C
    return GRAMS_PER_HPA * vapour_pressure_hpa(temperature_c, humidity_pct) / kelvin


def vapour_pressure_deficit_kpa(temperature_c: float, humidity_pct: float) -> float:
    """How much vapour pressure the air lacks to saturation: its power to dry skin and airways.

    Parameters
    ----------
    temperature_c : float
        Air temperature, degC, -45 to 60.
    humidity_pct : float
        Relative humidity, %, 0 to 100.

    Returns
    -------
    float
        Vapour pressure deficit, kPa; 0 at saturation.

    Raises
    ------
    InputError
        If a value lies outside its range or is not a number.

    Examples
    --------
    >>> round(vapour_pressure_deficit_kpa(18.0, 50.0), 4)
    1.0296
    """
    there_hpa = vapour_pressure_hpa(temperature_c, humidity_pct)
    return (saturation_vapour_pressure_hpa(temperature_c) - there_hpa) / 10.0


def humidex_c(temperature_c: float, humidity_pct: float) -> float:
    """Felt temperature after the Canadian weather service.

    Parameters
    ----------
    temperature_c : float
        Air temperature, degC, -45 to 60.
    humidity_pct : float
        Relative humidity, %, 0 to 100.

    Returns
    -------
    float
        Humidex, on the scale of degC.

    Raises
    ------
    InputError
        If a value lies outside its range or is not a number.

    References
    ----------
    Masterton and Richardson (1979), Humidex, Environment Canada CLI 1-79. pythermalcomfort 4.8.1
    `humidex(model="rana")` differs by up to 0.01 because of other saturation constants.

    Examples
    --------
    >>> round(humidex_c(30.0, 70.0), 4)
    40.9089
    """
    return temperature_c + 5.0 / 9.0 * (vapour_pressure_hpa(temperature_c, humidity_pct) - 10.0)


def heat_index_c(temperature_c: float, humidity_pct: float) -> float:
    """Felt temperature after the United States weather service.

    Parameters
    ----------
    temperature_c : float
        Air temperature, degC, -45 to 60; the result means something for a sleeper from 27 degC on
        (`HEAT_INDEX_FROM_C`), and should not be shown below.
    humidity_pct : float
        Relative humidity, %, 0 to 100.

    Returns
    -------
    float
        Heat index, degC. The simple formula where its mean with the temperature stays below 80 degF, else the
        nine-term regression with both humidity adjustments.

    Raises
    ------
    InputError
        If a value lies outside its range or is not a number.

    References
    ----------
    Rothfusz (1990), NWS Technical Attachment SR 90-23; wpc.ncep.noaa.gov/html/heatindex_equation.shtml.
    Agrees with pythermalcomfort 4.8.1 `heat_index_rothfusz` to 6 digits at 30 degC/70 % and 32 degC/65 %.

    Examples
    --------
    >>> round(heat_index_c(30.0, 70.0), 4)
    35.038
    """
    vapour_pressure_hpa(temperature_c, humidity_pct)  # refuses values out of range
    t_f = 1.8 * temperature_c + 32.0
    simple_f = 0.5 * (t_f + 61.0 + (t_f - 68.0) * 1.2 + 0.094 * humidity_pct)
    index_f = simple_f if (simple_f + t_f) / 2.0 < ROTHFUSZ_FROM_F else _rothfusz_f(t_f, humidity_pct)
    return (index_f - 32.0) / 1.8


def _rothfusz_f(t_f: float, rh: float) -> float:
    """The regression with its adjustments for dry and for humid air, degF."""
    index_f = (
        -42.379 + 2.04901523 * t_f + 10.14333127 * rh
        - 0.22475541 * t_f * rh - 0.00683783 * t_f**2 - 0.05481717 * rh**2
        + 0.00122874 * t_f**2 * rh + 0.00085282 * t_f * rh**2 - 0.00000199 * t_f**2 * rh**2
    )  # fmt: skip
    if rh < 13.0 and 80.0 <= t_f <= 112.0:
        return index_f - (13.0 - rh) / 4.0 * math.sqrt((17.0 - abs(t_f - 95.0)) / 17.0)
    if rh > 85.0 and 80.0 <= t_f <= 87.0:
        return index_f + (rh - 85.0) / 10.0 * (87.0 - t_f) / 5.0
    return index_f
