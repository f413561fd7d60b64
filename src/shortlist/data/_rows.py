"""How a message names a row: one way, whether the row comes from a file or from memory."""

__all__ = ["row_name"]


def row_name(position: int) -> str:
    """Name a row, counted from 1 after the header, as spreadsheets and people count.

    Args:
        position: The row's number in the table, counted from 0.

    Returns:
        The row with the way of counting.

    Example:
        >>> row_name(0)
        'row 1 (counted from 1, after the header)'
    """
    return f"row {position + 1} (counted from 1, after the header)"
