"""What every area counts with: money, periods, rounding, errors, ids."""
